"""The lab's `helm`: Helm 3 that also takes the command lines which guides of Helm 2's time print.

`spellings` knows both languages and does nothing; `program` runs the real Helm.
"""
