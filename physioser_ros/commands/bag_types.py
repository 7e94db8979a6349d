"""Message definitions of the released packages that rosbags does not bring with it."""

#: Definition by type; the comments of the packages are left out.
DEFINITIONS = {
    'audio_common_msgs/msg/AudioData': 'uint8[] data\n',
    'audio_common_msgs/msg/AudioDataStamped': (
        'std_msgs/Header header\n'
        'audio_common_msgs/AudioData audio\n'),
    'audio_common_msgs/msg/AudioInfo': (
        'uint8 channels\n'
        'uint32 sample_rate\n'
        'string sample_format\n'
        'uint32 bitrate\n'
        'string coding_format\n'),
    'vision_msgs/msg/Classification': (
        'std_msgs/Header header\n'
        'vision_msgs/ObjectHypothesis[] results\n'),
    'vision_msgs/msg/LabelInfo': (
        'std_msgs/Header header\n'
        'vision_msgs/VisionClass[] class_map\n'
        'float32 threshold\n'),
    'vision_msgs/msg/ObjectHypothesis': (
        'string class_id\n'
        'float64 score\n'),
    'vision_msgs/msg/VisionClass': (
        'uint16 class_id\n'
        'string class_name\n'),
}


def typestore():
    """
    Return a store of rosbags with the types of ROS 2 and those of :data:`DEFINITIONS`.

    Needed for bags that hold no definitions, as those in SQLite of humble.
    """
    from rosbags.typesys import get_types_from_msg, get_typestore, Stores

    store = get_typestore(Stores.ROS2_HUMBLE)
    types = {}
    for name, definition in DEFINITIONS.items():
        types.update(get_types_from_msg(definition, name))
    store.register(types)
    return store
