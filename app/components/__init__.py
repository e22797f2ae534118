"""What the pages are put together from: custom components (each a folder) and pieces of HTML (each a file)."""
