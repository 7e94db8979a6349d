"""The topics and services of both nodes, once, as a table; all names are relative."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One topic."""

    name: str
    #: Message type as ROS 2 writes it, without `/msg`.
    type: str  # noqa: A003 (a field, it hides nothing)
    #: Name of a profile of :mod:`physioser_ros.nodes.qos`.
    qos: str
    #: Content, for the documentation.
    description: str


UTTERANCE = Topic(
    'audio/utterance', 'audio_common_msgs/AudioDataStamped', 'utterances',
    'One utterance: S16LE, mono, 16 kHz, from segment.pre_roll_s before the speech to '
    'segment.tail_s after it; the stamp is the capture time of its first sample.')
UTTERANCE_INFO = Topic(
    'audio/utterance_info', 'diagnostic_msgs/DiagnosticArray', 'results',
    'Header of the utterance and one status: its duration, where in it the speech starts and '
    'ends, and its flags; published right before it.')
UTTERANCE_PARTIAL = Topic(
    'audio/utterance_partial', 'audio_common_msgs/AudioDataStamped', 'newest',
    'The utterance so far, while the person still speaks; off by default (partial.period_s).')
UTTERANCE_ANTICIPATED = Topic(
    'audio/utterance_anticipated', 'audio_common_msgs/AudioDataStamped', 'newest',
    'The utterance that follows, sample for sample, if the silence that has begun lasts; the '
    'recogniser computes its answer ahead (partial.anticipate).')
AUDIO_INFO = Topic(
    'audio/audio_info', 'audio_common_msgs/AudioInfo', 'latched',
    'Format of the utterances; latched and repeated every 5 s.')
VOICE_DETECTED = Topic(
    'audio/voice_detected', 'std_msgs/Bool', 'latched',
    'Whether somebody speaks; on change only.')
AUDIO_STREAM = Topic(
    'audio/audio_stamped', 'audio_common_msgs/AudioDataStamped', 'stream',
    'The sound itself in blocks, for bags and speech recognition; off by default '
    '(publish_stream).')
INPUT_STREAM = Topic(
    'audio_in/audio_stamped', 'audio_common_msgs/AudioDataStamped', 'stream',
    'Source topic: sound from another driver, such as audio_capture of ros-drivers.')
INPUT_INFO = Topic(
    'audio_in/audio_info', 'audio_common_msgs/AudioInfo', 'latched',
    'Source topic: its format; while nobody publishes one, 16 kHz mono S16LE is expected.')
ROBOT_SPEAKING = Topic(
    'robot_speaking', 'std_msgs/Bool', 'results',
    'Whether the robot itself speaks; remap it to the topic of your speech synthesis.')
SPEAKER_ID = Topic(
    'speaker_id', 'std_msgs/String', 'results',
    'Who speaks, as a voice or face tracker knows it; empty: nobody in particular. Each id has '
    'an adaptation and a smoothing of its own.')

CLASSIFICATION = Topic(
    'emotion/classification', 'vision_msgs/Classification', 'results',
    'The authoritative answer: header of the utterance, all classes in descending order of '
    'their calibrated probabilities, which sum to 1.')
LABEL = Topic(
    'emotion/label', 'std_msgs/String', 'results',
    'The decision: the top label, or `uncertain` below decision.min_confidence.')
CONFIDENCE = Topic(
    'emotion/confidence', 'std_msgs/Float32', 'results', 'Probability of the label, 0 to 1.')
RESULT_INFO = Topic(
    'emotion/result_info', 'diagnostic_msgs/DiagnosticArray', 'results',
    'Header of the utterance and one status: the decision, its confidence, the branch weights '
    'and the times it took; published right before the classification.')
BRANCHES = Topic(
    'emotion/attention/branches', 'std_msgs/Float32MultiArray', 'results',
    'Weights of the vocal and the latent branch in the fusion; they sum to 1. Layout '
    '`branch:vap,ssl`.')
VAP_FRAMES = Topic(
    'emotion/attention/vap_frames', 'std_msgs/Float32MultiArray', 'results',
    'Weights of the frames in the vocal branch; they sum to 1. Layout `frame:80ms`.')
COMPONENTS = Topic(
    'emotion/attention/components', 'std_msgs/Float32MultiArray', 'results',
    'How much of the answer hangs on each component; off by default (publish.saliency). Layout '
    '`component:M,rho,f_inst,tau_g`.')
ATTENTION_MAP = Topic(
    'emotion/attention_map', 'sensor_msgs/Image', 'results',
    '32FC1, one row a branch (vap, ssl), one column a frame, with the header of the utterance; '
    'off by default (publish.attention_image).')
PARTIAL = Topic(
    'emotion/partial', 'vision_msgs/Classification', 'newest_lossy',
    'Early answer, while the person still speaks or as soon as a silence begins; its header is '
    'that of the utterance so far.')
LABEL_INFO = Topic(
    'emotion/label_info', 'vision_msgs/LabelInfo', 'latched',
    'The classes of the model and the threshold of `uncertain`.')
PROCESSING_TIME = Topic(
    '~/debug/processing_time_ms', 'std_msgs/Float64', 'stream', 'Time of one inference in ms.')
DIAGNOSTICS = Topic(
    '/diagnostics', 'diagnostic_msgs/DiagnosticArray', 'results', 'State of the node, 1 Hz.')

#: What each node publishes and hears, in the order of the documentation.
PUBLISHED = {
    'audio_capture': (UTTERANCE, UTTERANCE_INFO, UTTERANCE_PARTIAL, UTTERANCE_ANTICIPATED,
                      AUDIO_INFO, VOICE_DETECTED, AUDIO_STREAM, DIAGNOSTICS),
    'emotion_recognizer': (CLASSIFICATION, LABEL, CONFIDENCE, RESULT_INFO, BRANCHES, VAP_FRAMES,
                           COMPONENTS, ATTENTION_MAP, PARTIAL, LABEL_INFO, PROCESSING_TIME,
                           DIAGNOSTICS),
}
SUBSCRIBED = {
    'audio_capture': (ROBOT_SPEAKING, INPUT_STREAM, INPUT_INFO),
    'emotion_recognizer': (UTTERANCE, UTTERANCE_PARTIAL, UTTERANCE_ANTICIPATED, AUDIO_INFO,
                           SPEAKER_ID, VOICE_DETECTED),
}

#: Name, type and meaning of the services of each node.
SERVICES = {
    'audio_capture': (
        ('~/set_enabled', 'std_srvs/SetBool', 'Mute (false) and unmute the microphone.'),
        ('~/push_to_talk', 'std_srvs/SetBool', 'Press (true): an utterance starts; release '
         '(false): it ends.'),
        ('~/reset', 'std_srvs/Trigger', 'Drop the sound that is buffered.'),
    ),
    'emotion_recognizer': (
        ('~/set_enabled', 'std_srvs/SetBool', 'Pause (false) and resume recognition.'),
        ('~/reset', 'std_srvs/Trigger', 'Forget the speakers, the smoothing and the last '
         'utterance, drop what waits.'),
        ('~/explain', 'std_srvs/Trigger', 'Say what the answer to the last utterance hangs on, '
         'as JSON, and publish emotion/attention/components.'),
    ),
}
