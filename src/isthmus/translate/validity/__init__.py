"""What cannot be translated is removed first, part by part, each with a problem that names field and cure.

The rest of ``translate`` then takes objects as they are. A problem changes nothing but its own part.
"""
