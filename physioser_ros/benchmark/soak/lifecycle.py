"""Change the states of nodes in other processes."""

from typing import Any, Dict, Sequence

from physioser_ros.benchmark.contestant import Absent
from physioser_ros.benchmark.ros_graph import ACTIVE_S, Client, NodeProcess


class Lifecycle:
    """
    The services that change the states of lifecycle nodes in the namespace of a client.

    :param client: whose node asks
    :param processes: the nodes, called as their processes are
    """

    def __init__(self, client: Client, processes: Sequence[NodeProcess]) -> None:
        from lifecycle_msgs.srv import ChangeState

        self._client, self._processes, self._request = client, processes, ChangeState.Request
        self._services: Dict[str, Any] = {
            process.name: client.node.create_client(ChangeState, f'{process.name}/change_state')
            for process in processes}

    def wait(self) -> None:
        """Wait until all of them are there."""
        self._client.until(
            lambda: all(service.service_is_ready() for service in self._services.values()),
            'the nodes', self._processes, ACTIVE_S)

    def change(self, name: str, transition: str) -> None:
        """
        Change the state of one node.

        :param name: of the node
        :param transition: such as 'activate'
        :raises Absent: it refuses
        """
        request = self._request()
        request.transition.label = transition
        future = self._services[name].call_async(request)
        self._client.until(future.done, f'{name} to {transition}', self._processes, ACTIVE_S)
        if not future.result().success:
            raise Absent(f'{name} does not {transition}: start it alone to see why')
