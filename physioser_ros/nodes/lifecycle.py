"""
A lifecycle node whose errors are heard: the common part of both nodes.

rclpy swallows exceptions in lifecycle callbacks and lets those in other callbacks end the
process. Here each is logged with its cause, the node stays up and its diagnostics say why it
does not work.
"""

from functools import wraps
from inspect import iscoroutinefunction
import math
import time
import traceback

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from physioser_ros.audio.errors import AudioError
from physioser_ros.inference.errors import ModelError
from physioser_ros.inference.heap import give_back
from physioser_ros.nodes.conversions import message_type
from physioser_ros.nodes.diagnostics import Diagnostics, ERROR, OK, WARN
from physioser_ros.nodes.parameter_server import ParameterServer
from physioser_ros.nodes.parameters import ParameterError, TABLES
from physioser_ros.nodes.topics import SERVICES

#: Errors whose text is written for the user: no traceback needed.
EXPLAINED = (AudioError, ModelError, ParameterError)

#: How long diagnostics warn after an unexpected exception in a callback, in s.
ERROR_SHOWN_S = 60.0

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE


class ManagedNode(LifecycleNode):
    """
    Lifecycle node with a parameter table, diagnostics and guarded callbacks.

    A subclass implements `prepare` (configure), `begin` (activate), `halt` (deactivate) and
    `release` (cleanup), each free to raise; `halt` and `release` must bear being called in any
    state. Further `report` for the diagnostics and `change` for live changes of parameters.
    """

    def __init__(self, name, **options):
        """
        Declare parameters and start the diagnostics.

        :param name: name of the node and of its table of parameters.
        :param options: further arguments of LifecycleNode.
        :raises ParameterError: for a given parameter of wrong type or out of range.
        """
        super().__init__(name, **options)
        # Time-outs and the pace of diagnostics must not stand still with a simulated clock.
        self.steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        #: What keeps the node from working, or ''.
        self.problem = ''
        #: Unexpected exceptions in callbacks so far.
        self.callback_errors = 0
        self._callback_error_s = -math.inf
        self.incompatible = {}
        self._is_active = False
        # The name may be remapped, the tables are those of the kind.
        self._kind = name
        self._table = TABLES[name]
        #: Values of the fixed parameters for which the node is prepared, or None.
        self._prepared = None
        self.parameters = ParameterServer(
            self, self._table, is_active=lambda: self._is_active, apply=self._apply)
        self.diagnostics = Diagnostics(self, self._report)

    @property
    def state(self):
        """Return the label of the lifecycle state, such as 'inactive'."""
        return self._state_machine.current_state[1]

    @property
    def is_active(self):
        """Return whether the node is active."""
        return self._is_active

    def guarded(self, callback):
        """Return `callback` with its exceptions logged and counted instead of raised."""
        @wraps(callback)
        def guard(*arguments):
            try:
                return callback(*arguments)
            # Whatever a callback raises: the node must hear the next message.
            except Exception:
                self.callback_errors += 1
                self._callback_error_s = time.monotonic()
                self.get_logger().error(traceback.format_exc())
                return None
        return guard

    def serve(self, callbacks):
        """
        Offer the services of this node's table, which answer in any case.

        :param callbacks: by name of the service; each takes the request and returns success
            and text. A coroutine function may wait: the other callbacks go on meanwhile.
        """
        for name, kind, _ in SERVICES[self._kind]:
            callback = callbacks[name]
            # A group is closed while one of its callbacks waits.
            group = MutuallyExclusiveCallbackGroup() if iscoroutinefunction(callback) else None
            self.create_service(message_type(kind), name, self._guarded_service(callback),
                                callback_group=group)

    def _guarded_service(self, callback):
        async def serve(request, response):
            try:
                answer = callback(request)
                if iscoroutinefunction(callback):
                    answer = await answer
                response.success, response.message = answer
            except EXPLAINED as error:
                response.success, response.message = False, str(error)
            # The caller of a service waits for an answer, whatever happened.
            except Exception as error:
                self.callback_errors += 1
                self.get_logger().error(traceback.format_exc())
                response.success, response.message = False, f'{type(error).__name__}: {error}'
            return response
        return serve

    def on_incompatible_qos(self, sentence):
        """Log and remember that another endpoint cannot be talked to."""
        if sentence not in self.incompatible:
            self.get_logger().warning(sentence)
        self.incompatible[sentence] = self.incompatible.get(sentence, 0) + 1

    def autostart(self):
        """
        Configure and activate.

        :return: whether the node is active now; if not, it is unconfigured and `problem` says
            why.
        """
        if self.trigger_configure() != SUCCESS:
            return False
        if self.trigger_activate() != SUCCESS:
            problem = self.problem
            self.trigger_cleanup()
            self.problem = problem
            self._publish_soon()
            return False
        return True

    def on_configure(self, state):
        """Prepare; on failure release everything and stay unconfigured."""
        if not self._try('configure', self._prepare_all):
            self._try_quietly(self.release)
            self._prepared = None
            return FAILURE
        return self._done(super().on_configure(state))

    def on_activate(self, state):
        """Begin; on failure stop again and stay inactive."""
        if self._prepared != self._fixed_values():
            # A fixed parameter changed while the node was inactive: prepare anew.
            self._try_quietly(self.release)
            if not self._try('configure', self._prepare_all):
                self._try_quietly(self.release)
                self._prepared = None
                return FAILURE
        # Publishers are enabled first: `begin` may publish at once, from another thread.
        super().on_activate(state)
        self._is_active = True
        if not self._try('activate', self.begin):
            self._is_active = False
            self._try_quietly(self.halt)
            super().on_deactivate(state)
            return FAILURE
        return self._done(SUCCESS)

    def on_deactivate(self, state):
        """Stop; an error here ends in `on_error`, which releases everything."""
        self._is_active = False
        stopped = self._try('deactivate', self.halt)
        super().on_deactivate(state)
        return self._done(SUCCESS) if stopped else TransitionCallbackReturn.ERROR

    def on_cleanup(self, state):
        """Release; an error here ends in `on_error`."""
        released = self._try('clean up', self.release)
        self._prepared = None
        # The heap keeps what the model took, and the next one does not fit into it exactly.
        give_back()
        super().on_cleanup(state)
        return self._done(SUCCESS) if released else TransitionCallbackReturn.ERROR

    def on_shutdown(self, state):
        """Stop and release from any state."""
        self.close()
        super().on_shutdown(state)
        return SUCCESS

    def on_error(self, state):
        """Release everything, so that the node can be configured again."""
        self.close()
        super().on_error(state)
        return SUCCESS

    def close(self):
        """Stop and release; never raises, and may be called again."""
        self._is_active = False
        self._try_quietly(self.halt)
        self._try_quietly(self.release)
        self._prepared = None

    def prepare(self):
        """Get what the node needs; errors keep it unconfigured."""
        raise NotImplementedError

    def begin(self):
        """Start to work."""
        raise NotImplementedError

    def halt(self):
        """Stop to work, within 2 s."""
        raise NotImplementedError

    def release(self):
        """Give back what `prepare` got."""
        raise NotImplementedError

    def report(self):
        """Return level, text, hardware id and values for the diagnostics."""
        raise NotImplementedError

    def change(self, values, changed):
        """
        Take over changed parameters while prepared.

        :param values: all parameters by name, the changes included.
        :param changed: set of the names that changed.
        """
        raise NotImplementedError

    def _prepare_all(self):
        self.prepare()
        self._prepared = self._fixed_values()

    def _fixed_values(self):
        return {parameter.name: self.parameters[parameter.name]
                for parameter in self._table if parameter.fixed}

    def _apply(self, changes):
        if self._prepared is not None:
            self.change({**self.parameters.values(), **changes}, set(changes))

    def _try(self, what, action):
        try:
            action()
        except EXPLAINED as error:
            self._fail(f'cannot {what}: {error}')
            return False
        # rclpy would swallow it: say what it was and let the caller fail.
        except Exception as error:
            self.get_logger().error(traceback.format_exc())
            self._fail(f'cannot {what}: {type(error).__name__}: {error}')
            return False
        return True

    def _try_quietly(self, action):
        try:
            action()
        # On the way out of a failure the first cause matters, and the rest must be released.
        except Exception:
            self.get_logger().error(traceback.format_exc())

    def _fail(self, problem):
        self.problem = problem
        self.get_logger().error(problem)
        self._publish_soon()

    def _done(self, result):
        if result == SUCCESS:
            self.problem = ''
            self._publish_soon()
        return result

    def _publish_soon(self):
        # After the transition under way: its goal is the state that should be seen.
        if self.executor is not None:
            self.executor.create_task(self.guarded(self.diagnostics.publish))

    def _report(self):
        level, text, hardware_id, values = self.report()
        if self.problem:
            level, text = ERROR, self.problem
        elif level == OK and time.monotonic() - self._callback_error_s < ERROR_SHOWN_S:
            level, text = WARN, 'a callback failed, the log says where'
        values = {**values, 'state': self.state, 'callback_errors': self.callback_errors,
                  'incompatible_qos': sum(self.incompatible.values())}
        for index, sentence in enumerate(self.incompatible):
            values[f'incompatible_qos.{index}'] = sentence
        return level, text, hardware_id, values
