"""The one place that creates an onnxruntime session."""

import os
from typing import Any, Sequence, Tuple

from physioser_ros.inference.errors import ModelFormatError, ProviderError
from physioser_ros.inference.heap import give_back

CPU_PROVIDER = 'CPUExecutionProvider'

_SILENT = 4


def create_session(content: bytes, *, providers: Sequence[str] = (CPU_PROVIDER,),
                   require_provider: bool = False,
                   intra_op_threads: int = 1) -> Tuple[Any, Tuple[str, ...]]:
    """
    Create a session from the bytes of a model whose digest was checked.

    :param content: all bytes of the ONNX file
    :param providers: execution providers, the preferred one first
    :param require_provider: raise where the first one cannot be used; otherwise that is told
        in the notices and the next one, at last the CPU, takes its place
    :param intra_op_threads: threads of one operator, 0 = as many as there are cores
    :returns: the `InferenceSession`, and one sentence for each provider that is not in use
    :raises ProviderError: a required provider cannot be used, or no provider was named
    :raises ModelFormatError: onnxruntime does not take the model
    """
    # Imported here, so that the room can be looked into without onnxruntime.
    try:
        import onnxruntime
    except ImportError as error:
        raise ProviderError(
            f'onnxruntime cannot be imported ({error}); install it with '
            f'`pip install onnxruntime` or by rosdep') from error
    asked = tuple(providers)
    if not asked:
        raise ProviderError(f'no execution provider was named, expected at least {CPU_PROVIDER}')
    installed = onnxruntime.get_available_providers()
    usable = [name for name in asked if name in installed]
    if require_provider:
        _require(asked[0], usable, installed)
    try:
        session = onnxruntime.InferenceSession(
            content, _session_options(onnxruntime, intra_op_threads),
            providers=usable or [CPU_PROVIDER], enable_fallback=0)
    # onnxruntime's own exceptions derive from Exception and are not part of its documented
    # interface; whatever it raises here means that it does not take the model.
    except Exception as error:
        raise ModelFormatError(
            f'onnxruntime {onnxruntime.__version__} does not take it: '
            f'{_first_line(error)}') from error
    # Else a failure on the way would quietly build a new session on the CPU. Releases before
    # the argument `enable_fallback` know this call alone.
    session.disable_fallback()
    give_back()
    actual = session.get_providers()
    if require_provider:
        _require(asked[0], actual, installed)
    notices = tuple(
        f'the execution provider {name} was asked for but is not in use (in use: '
        f'{", ".join(actual)}); install the onnxruntime that has it, or drop it from the list'
        for name in asked if name not in actual)
    return session, notices


def create_run_options() -> Any:
    """Return options of one run; set `terminate` on them to end the run before its time."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = _SILENT
    return options


def _session_options(onnxruntime: Any, intra_op_threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = intra_op_threads
    options.inter_op_num_threads = 1
    # Spinning threads burn several times the work's own CPU between utterances.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    # A memory pattern is kept for each length that ever came: memory would grow for months.
    options.enable_mem_pattern = False
    # A digest covers one file: weights in a second one are not to be found anywhere.
    options.add_session_config_entry('session.model_external_initializers_file_folder_path',
                                     os.devnull)
    # Errors come back as exceptions; onnxruntime need not write them to stderr as well.
    options.log_severity_level = _SILENT
    return options


def _require(name: str, usable: Sequence[str], installed: Sequence[str]) -> None:
    if name not in usable:
        raise ProviderError(
            f'the execution provider {name} is required but cannot be used (this onnxruntime '
            f'has {", ".join(installed)}); install the onnxruntime that has it and its driver, '
            f'or do not require it')


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
