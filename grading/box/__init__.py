"""What starts and watches a submission in a box of its own, on the student's side of the wall.

`server` is a clean process that forks once per submission. Each fork enters new namespaces
(`namespaces`), gives up all privileges (`seccomp`), and becomes the box's `supervisor`, whose only
child is the runner. Nothing in here knows an expected value, a seed or a point.
"""
