"""The explorer: pages that ask the public functions of `kg` and draw the answers.

Nothing here knows how a graph is made or asked; `main.py` is what Streamlit runs.
"""
