"""Something slow, beside the executor, for a service whose caller waits."""

import threading

from rclpy.task import Future


class Aside:
    """
    Run one slow function at a time in a thread, while the executor goes on.

    rclpy resumes a waiting coroutine only when it is woken: by an empty task.
    """

    def __init__(self, node):
        """
        Prepare.

        :param node: the node whose executor waits; it is asked for when something is run.
        """
        self._node = node
        self._thread = None

    async def run(self, work):
        """
        Return what `work()` returns, or raise what it raises.

        :param work: function without arguments.
        """
        executor = self._node.executor
        done = Future(executor=executor)

        def tell():
            try:
                done.set_result((work(), None))
            # It is raised where it was asked for, in the executor's thread.
            except Exception as error:
                done.set_result((None, error))
            executor.create_task(_nothing)
        # No daemon: one that is in native code at the interpreter's end aborts the process.
        self._thread = threading.Thread(target=tell, name='aside')
        self._thread.start()
        result, error = await done
        if error is not None:
            raise error
        return result

    def stop(self, cancel, timeout_s):
        """
        Wait until what runs has ended.

        :param cancel: called again and again until then.
        :param timeout_s: longest time to wait.
        :return: whether nothing runs any more.
        """
        thread = self._thread
        for _ in range(max(1, round(timeout_s / 0.05))):
            if thread is None or not thread.is_alive():
                return True
            cancel()
            thread.join(0.05)
        return not thread.is_alive()


def _nothing():
    pass
