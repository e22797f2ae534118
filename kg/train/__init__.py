"""Training: from gold files to the weights in ``kg/extract/weights``; the verb ``kg train``.

A room apart from ``kg.extract``, whose state names the extractions that are kept: to change how a model is trained
changes no extraction until its weights are built anew. Needs the extra ``train``.
"""

from __future__ import annotations

from kg.train.steps import train

__all__ = ["train"]
