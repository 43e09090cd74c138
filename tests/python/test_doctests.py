"""The examples in the documentation of the package run."""

import doctest
import importlib
import pkgutil

import pytest

import steelyard

MODULES = [module.name for module in pkgutil.walk_packages(steelyard.__path__, "steelyard.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
