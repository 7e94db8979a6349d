"""Messages that never reached a callback, counted by what the middleware numbers."""


class LostMessages:
    """
    Counts the holes in the numbers of each publisher.

    A reliable subscription whose queue is full loses the oldest message, and no event says so.
    Where a middleware or a distribution does not number messages, nothing is counted.
    """

    def __init__(self):
        self._last = {}
        #: Messages lost so far.
        self.count = 0

    def note(self, info):
        """
        Take note of a message that arrived.

        :param info: what rclpy tells beside a message, a dict.
        """
        number = info.get('publication_sequence_number')
        publisher = info.get('publisher_gid')
        if number is None or publisher is None:
            return
        key = bytes(publisher['data'])
        last = self._last.get(key, number - 1)
        self.count += max(0, number - last - 1)
        self._last[key] = number
