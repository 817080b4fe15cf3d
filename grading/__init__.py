"""The instructor's side of the course: releasing assignments, grading what comes back.

None of this is part of the package that students install. It uses minpy by its public names, and
nbgrader for the format of notebooks, the gradebook and the web interface.
"""
