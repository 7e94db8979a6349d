"""Both nodes of a robot in processes, started by what the launch file describes."""

from launch_evaluation import evaluate
from processes import launch_command, Process
from ros_world import diagnostics_of, values_of, wait_until

from physioser_ros.nodes import topics


class Robot:
    """Processes that wait for their lifecycle transitions, and what they say of themselves."""

    def __init__(self, world, prefix, folder, parameters=None, **arguments):
        """
        Start.

        :param world: the World in whose namespace the nodes are.
        :param prefix: where colcon installed the package.
        :param folder: an empty folder for logs.
        :param parameters: parameters by name.
        :param arguments: arguments of the launch file.
        """
        self.world = world
        self._diagnostics = world.listen(topics.DIAGNOSTICS)
        path = prefix / 'share' / 'physioser_ros' / 'launch' / 'ser.launch.py'
        _, nodes = evaluate(path, **{'namespace': world.namespace, 'autostart': 'false',
                                     'log_level': 'warn', **arguments})
        self.processes = {
            node.executable: Process(launch_command(prefix, node, folder, parameters),
                                     folder / f'{node.executable}.log') for node in nodes}

    @property
    def output(self):
        """Return what all processes have written."""
        return ''.join(process.output for process in self.processes.values())

    def configure(self):
        """Configure both nodes."""
        for node in ('emotion_recognizer', 'audio_capture'):
            assert self.world.transition(node, 'configure'), self.output

    def activate(self, *nodes):
        """Activate nodes, the recognizer first: it must listen before anybody speaks."""
        for node in nodes or ('emotion_recognizer', 'audio_capture'):
            assert self.world.transition(node, 'activate'), self.output

    def wait_heard(self, node, topic, count):
        """Wait until a topic of a node has so many subscribers."""
        self.wait_status(node, lambda values: values.get(
            f'subscribers.{topic.name}') == str(count), f'{count} hear {topic.name}')

    def wait_status(self, node, condition, what, since=0):
        """
        Wait until the values of a node's status meet a condition, and return them.

        :param node: name of the node.
        :param condition: called with the values by name.
        :param what: what is waited for, in words.
        :param since: so many messages of /diagnostics are not looked at.
        """
        name = f'{self.world.namespace}/{node}'

        def seen():
            ended = [process for process in self.processes.values() if process.has_ended()]
            assert not ended, self.output
            found = map(values_of, diagnostics_of(self._diagnostics[since:], name))
            return next((values for values in found if condition(values)), None)
        return wait_until(seen, what)

    def count_diagnostics(self):
        """Return how many messages of /diagnostics came so far."""
        return len(self._diagnostics)

    def kill(self):
        """End all processes in any case."""
        for process in self.processes.values():
            process.kill()
