"""Boosted trees at run time: LightGBM's own library, called without its Python package.

Importing ``lightgbm`` takes two seconds, for what it brings along to train with; a trained model needs three
functions of the shared library that lies in the package. Their signatures are those of LightGBM's C API
(https://lightgbm.readthedocs.io/en/stable/C-API.html), stable since version 2.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

_FLOAT64, _ROW_MAJOR = 1, 1
_PROBABILITIES, _RAW = 0, 1


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    """Return LightGBM's shared library."""
    spec = find_spec("lightgbm")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("lightgbm is not installed: pip install lightgbm")
    folder = Path(next(iter(spec.submodule_search_locations)))
    for name in ("lib/lib_lightgbm.so", "lib/lib_lightgbm.dylib", "bin/lib_lightgbm.dll", "lib/lib_lightgbm.dll"):
        if (folder / name).exists():
            library = ctypes.CDLL(str(folder / name))
            library.LGBM_GetLastError.restype = ctypes.c_char_p
            return library
    raise ImportError(f"no LightGBM library in {folder}")


def _check(status: int) -> None:
    if status:
        raise RuntimeError(_library().LGBM_GetLastError().decode())


class Trees:
    """A trained model.

    Args:
        text: the model as ``Booster.model_to_string`` writes it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._handle = ctypes.c_void_p()
        rounds, classes, features = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        library = _library()
        _check(
            library.LGBM_BoosterLoadModelFromString(
                ctypes.c_char_p(text.encode()), ctypes.byref(rounds), ctypes.byref(self._handle)
            )
        )
        _check(library.LGBM_BoosterGetNumClasses(self._handle, ctypes.byref(classes)))
        _check(library.LGBM_BoosterGetNumFeature(self._handle, ctypes.byref(features)))
        self.classes, self.features = classes.value, features.value

    def __reduce__(self) -> tuple[type[Trees], tuple[str]]:
        """Let another process have them: the library's handle stays in this one."""
        return Trees, (self.text,)

    def predict(self, rows: np.ndarray, raw: bool = False) -> np.ndarray:
        """Return (N, classes) probabilities, or the sums of the leaves if ``raw``, for the rows (N, features)."""
        if rows.shape[1] != self.features:
            raise ValueError(f"{rows.shape[1]} features, the model has {self.features}")
        data = np.ascontiguousarray(rows, dtype=np.float64)
        out = np.empty((len(data), self.classes), dtype=np.float64)
        length = ctypes.c_int64()
        _check(
            _library().LGBM_BoosterPredictForMat(
                self._handle,
                data.ctypes.data_as(ctypes.c_void_p),
                ctypes.c_int(_FLOAT64),
                ctypes.c_int32(data.shape[0]),
                ctypes.c_int32(data.shape[1]),
                ctypes.c_int(_ROW_MAJOR),
                ctypes.c_int(_RAW if raw else _PROBABILITIES),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_char_p(b"num_threads=1"),
                ctypes.byref(length),
                out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
            )
        )
        return out

    def __del__(self) -> None:
        if self._handle:
            _library().LGBM_BoosterFree(self._handle)
