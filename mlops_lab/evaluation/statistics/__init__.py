"""The statistics of the evaluation suite: numbers in, numbers out; no frames, no models.

One file a topic: ``rates``, ``paired``, ``moments``, ``confusion``, ``ranking``, ``calibration``, ``groups``,
``risk`` make intervals from small states whose values add up, so that a frame, a stream and a cluster give the same
numbers; ``multiplicity`` corrects for several looks, ``power`` says how many rows would tell, ``random`` ties
randomness to rows, and ``interval`` is what all of them answer with.
"""
