"""From the parameters of the recogniser to the options of its decision."""

from physioser_ros.inference import DecisionOptions
from physioser_ros.nodes.parameters import ParameterError

_PREFIX = 'decision.'


def decision_options(values):
    """
    Return the DecisionOptions of a dict of parameters.

    :param values: values by name of parameter.
    :raises ParameterError: where values do not go together.
    """
    try:
        return DecisionOptions(**{name[len(_PREFIX):]: value for name, value in values.items()
                                  if name.startswith(_PREFIX)})
    except ValueError as error:
        raise ParameterError(str(error)) from error
