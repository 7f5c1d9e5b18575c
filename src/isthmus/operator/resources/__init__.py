"""The operator's resources as they are written: one file per kind, from which the CRDs are generated.

Does not know what follows from them.
"""
