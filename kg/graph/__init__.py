"""From extractions to the graph: tables in Parquet, the NetworkX graph over them, and the folder that holds both.

``tables`` writes the rows, ``network`` turns rows into nodes and edges, ``store`` replaces a folder whole or not at
all, ``cache`` keeps extractions by content, ``engine`` runs the extraction on one core, all cores or a cluster.
"""
