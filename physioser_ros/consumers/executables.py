"""
The executables of the examples: `ros2 run physioser_ros NAME`.

Each listens to signals before it imports anything heavy, as those of the nodes do.
"""

import sys

from physioser_ros.nodes.stops import Stops


def behavior_tree(args=None):
    """Run the behaviour tree until a signal."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.consumers.behavior_tree import BehaviorTree
        from physioser_ros.consumers.consumer import run

    sys.exit(run(BehaviorTree, stops, args))


def dialogue(args=None):
    """Run the dialogue hook until a signal."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.consumers.consumer import run
        from physioser_ros.consumers.dialogue import Dialogue

    sys.exit(run(Dialogue, stops, args))


def gesture(args=None):
    """Run the gesture mapper until a signal."""
    stops = Stops()
    with stops.at_once():
        from physioser_ros.consumers.consumer import run
        from physioser_ros.consumers.gesture import Gesture

    sys.exit(run(Gesture, stops, args))
