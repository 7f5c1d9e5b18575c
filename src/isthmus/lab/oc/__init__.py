"""The lab's `oc`: kubectl that also takes the few verbs which guides for OpenShift print.

`spellings` knows both languages and does nothing; `__main__` runs the real kubectl.
"""
