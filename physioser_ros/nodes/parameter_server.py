"""A table of parameters on a node: declared, validated at every change, with reasons."""

from rcl_interfaces.msg import FloatingPointRange, IntegerRange
from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.parameter import Parameter as RosParameter

from physioser_ros.nodes.parameters import ParameterError, unknown_names


def descriptor(parameter):
    """Return the ParameterDescriptor of one entry of a table."""
    constraints = [f'one of {parameter.allowed}' if parameter.choices else parameter.allowed]
    if parameter.fixed:
        constraints.append('cannot change while the node is active')
    description = parameter.description
    if parameter.unit:
        description += f' [{parameter.unit}]'
    result = ParameterDescriptor(
        name=parameter.name, description=description,
        additional_constraints='; '.join(text for text in constraints if text))
    # rclpy knows ranges of numbers, not of the numbers in a list: those are checked on set.
    if parameter.minimum is not None and not parameter.is_list:
        if parameter.type is int:
            result.integer_range = [IntegerRange(
                from_value=parameter.minimum, to_value=parameter.maximum, step=0)]
        else:
            result.floating_point_range = [FloatingPointRange(
                from_value=parameter.minimum, to_value=parameter.maximum, step=0.0)]
    return result


class ParameterServer:
    """Declares a table on a node and guards every change of it."""

    def __init__(self, node, table, *, is_active, apply):
        """
        Declare the table with the values of files and command line.

        :param node: the node.
        :param table: sequence of :class:`physioser_ros.nodes.parameters.Parameter`.
        :param is_active: called without arguments; True refuses changes of fixed parameters.
        :param apply: called with a dict of accepted changes; it may raise ValueError or
            RuntimeError to refuse them all. A change counts only when it returned.
        :raises ParameterError: for a given value of wrong type or out of range.
        """
        self._node = node
        self._table = {parameter.name: parameter for parameter in table}
        self._is_active = is_active
        self._apply = apply
        # The callback first: it also sees the values that the declaration brings along.
        self._declared = False
        node.add_on_set_parameters_callback(self._on_set)
        for parameter in table:
            self._declare(parameter)
        self._declared = True
        # Values that nobody declares are dropped by rclpy without a word; a misspelt name
        # would go unnoticed. There is no public way to ask for them.
        for sentence in unknown_names(getattr(node, '_parameter_overrides', {})):
            node.get_logger().warning(sentence)

    def _declare(self, parameter):
        default = list(parameter.default) if parameter.is_list else parameter.default
        given = getattr(self._node, '_parameter_overrides', {}).get(parameter.name)
        if given is not None:
            parameter.check(given.value)
        try:
            self._node.declare_parameter(parameter.name, default, descriptor(parameter))
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise ParameterError(f"'{parameter.name}': {error}") from error

    def values(self):
        """Return all values by name; lists as tuples."""
        return {name: self._plain(self._node.get_parameter(name)) for name in self._table}

    def __getitem__(self, name):
        """Return the value of one parameter."""
        return self._plain(self._node.get_parameter(name))

    def _plain(self, parameter):
        value = parameter.value
        return tuple(value) if self._table[parameter.name].is_list else value

    def _on_set(self, changed):
        changes = {}
        try:
            for parameter in changed:
                entry = self._table.get(parameter.name)
                if entry is None:
                    continue
                if parameter.type_ == RosParameter.Type.NOT_SET:
                    raise ParameterError(f"'{parameter.name}' cannot be removed")
                entry.check(parameter.value)
                if self._declared and entry.fixed and self._is_active():
                    raise ParameterError(
                        f"'{parameter.name}' cannot change while the node is active: "
                        'deactivate it, set, activate again')
                changes[parameter.name] = self._plain(parameter)
            if self._declared and changes:
                self._apply(changes)
        except (ValueError, RuntimeError) as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)
