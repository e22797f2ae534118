"""Turn titles and abstracts of papers into a knowledge graph of methods, models, datasets and benchmarks."""
