"""The commands for practitioners, as thin shells: what they say and take is here, what they do is in the rooms below.

Nothing heavy is imported before a command runs, so that its help comes at once.
"""
