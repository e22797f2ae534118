"""The pages, one a file, each a function ``page``: it reads its address, asks the graph, and draws."""
