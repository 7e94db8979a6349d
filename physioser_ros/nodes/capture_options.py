"""From the parameters of the capture node to the options of the capture."""

from physioser_ros.audio.options import CaptureOptions
from physioser_ros.audio.segmenter_options import SegmenterOptions
from physioser_ros.nodes.parameters import ParameterError

#: Fields of CaptureOptions whose parameter is not called the same but for the dot.
_NAMES = {'gate_mode': 'gate.robot_speaking'}

_SEGMENT = 'segment.'


def capture_options(values):
    """
    Return the CaptureOptions of a dict of parameters.

    :param values: values by name of parameter.
    :raises ParameterError: where values do not go together.
    """
    segment = {name[len(_SEGMENT):]: value for name, value in values.items()
               if name.startswith(_SEGMENT)}
    fields = {}
    for field in CaptureOptions.__dataclass_fields__:
        for name in (_NAMES.get(field, field), field.replace('_', '.', 1)):
            if name in values:
                fields[field] = values[name]
    try:
        fields['segment'] = SegmenterOptions(
            **segment, partial_period_s=values['partial.period_s'],
            anticipate=values['partial.anticipate'])
        return CaptureOptions(**fields)
    except ValueError as error:
        raise ParameterError(str(error)) from error
