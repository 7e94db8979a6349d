"""From a trained model to one checked, self-contained ONNX file with its card and digest."""

from physioser_ros.export.errors import ExportError
from physioser_ros.export.exporting import export_model, Exported, MAX_SECONDS
from physioser_ros.export.facts import CorpusFacts, ModelFacts
from physioser_ros.export.graph import to_onnx
from physioser_ros.export.parity import measure, ParityReport
from physioser_ros.export.storage import compact

__all__ = ['compact', 'CorpusFacts', 'export_model', 'Exported', 'ExportError', 'MAX_SECONDS',
           'measure', 'ModelFacts', 'ParityReport', 'to_onnx']
