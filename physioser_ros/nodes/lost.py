"""Messages that never reached a callback, counted by what the middleware numbers."""

from rclpy.subscription import Subscription

#: Whether rclpy tells a callback more than the message; in humble it does not.
TOLD = hasattr(Subscription, 'CallbackType')


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

    def watch(self, callback):
        """
        Return `callback`, which takes one message, so that what it is given is noted first.

        :param callback: of a subscription, whose form rclpy reads off the result's arguments.
        """
        if not TOLD:
            return callback

        def watched(message, info):
            self.note(info)
            return callback(message)
        return watched

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
