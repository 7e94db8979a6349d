"""
The executables of the package: `ros2 run physioser_ros NAME`.

Each listens to signals before it imports anything heavy: a Ctrl-C while rclpy is being loaded
ends the process without a trace.
"""

import sys

from physioser_ros.nodes.stops import Stops


def audio_capture(args=None):
    """Run the capture node until a signal or, with file.exit_at_end, the end of the file."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.nodes.audio_capture import AudioCapture
        from physioser_ros.nodes.process import run

    sys.exit(run(lambda end: [AudioCapture(on_finished=end)], stops, args))


def emotion_recognizer(args=None):
    """Run the recognizer node until a signal."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.nodes.emotion_recognizer import EmotionRecognizer
        from physioser_ros.nodes.process import run

    sys.exit(run(lambda end: [EmotionRecognizer()], stops, args))


def ser(args=None):
    """Run both nodes until a signal or, with file.exit_at_end, the end of the file."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.nodes.process import run
        from physioser_ros.nodes.ser import create_nodes

    sys.exit(run(create_nodes, stops, args))


def listen(args=None):
    """Print one line per utterance until a signal, so many utterances, or silence."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.nodes.listen import main

    main(stops, args)


def monitor(args=None):
    """Show a live view until a signal."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.nodes.monitor import main

    main(stops, args)
