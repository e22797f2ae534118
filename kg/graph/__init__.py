"""From extractions to the graph: tables in Parquet, the NetworkX graph over them, and the folder that holds both.

``columns`` turns extractions into columns, ``joined`` joins these with what their names were resolved to, ``tables``
writes the rows, ``words`` the index of words; ``network`` says what nodes and edges carry, ``store`` replaces a folder
whole or not at all; ``cache`` keeps extractions by content, ``engine`` runs the extraction on one core, all cores or a
cluster.
"""
