from pathlib import Path

from setuptools import find_packages, setup

package_name = 'physioser_ros'
# Resolved: `colcon build --symlink-install` runs a link to this file from the build folder, where
# `requirements` is not.
root = Path(__file__).resolve().parent
version = (root / package_name / 'VERSION').read_text().strip()


def requirements(name):
    """Return the unpinned requirements of one extra, as `requirements/NAME.in` lists them."""
    lines = (root / 'requirements' / f'{name}.in').read_text().splitlines()
    return [line for line in lines if line and not line.startswith(('#', '-'))]


def data(*suffixes):
    """Return the files of the package that are no code; setuptools before 62.3 knows no `**`."""
    return sorted(str(path.relative_to(root / package_name))
                  for path in (root / package_name).rglob('*') if path.suffix in suffixes)


def share(folder, pattern='*'):
    """Return the files of `folder` as an entry of data_files."""
    files = sorted(str(path.relative_to(root)) for path in (root / folder).glob(pattern)
                   if path.is_file())
    return (f'share/{package_name}/{folder}', files)


setup(
    name=package_name,
    version=version,
    packages=find_packages(include=[package_name, f'{package_name}.*']),
    package_data={package_name: ['VERSION', *data('.yaml', '.csv', '.onnx', '.md')]},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{package_name}']),
        (f'share/{package_name}', ['package.xml']),
        share('launch', '*.launch.py'),
        share('config'),
        share('config/experiments'),
        share('models'),
    ],
    # No more than this: the scripts of a ROS workspace name the package as a requirement, which
    # pkg_resources, once the webrtcvad of rosdep imports it, checks with all that stands here. But
    # rosdep knows webrtcvad-wheels by another name and soxr not at all. package.xml says the rest.
    install_requires=['setuptools'],
    extras_require={name: requirements(name) for name in ('run', 'examples', 'train', 'test')},
    python_requires='>=3.10',
    zip_safe=False,
    maintainer='The physioser_ros maintainers',
    maintainer_email='maintainers@users.noreply.r-seed-325d5b6b.example',
    description='Emotion from speech in real time for ROS 2, by a physiology-informed model',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'audio_capture = physioser_ros.nodes.executables:audio_capture',
            'emotion_recognizer = physioser_ros.nodes.executables:emotion_recognizer',
            'ser = physioser_ros.nodes.executables:ser',
            'listen = physioser_ros.nodes.executables:listen',
            'monitor = physioser_ros.nodes.executables:monitor',
            'devices = physioser_ros.commands.devices:command',
            'physioser = physioser_ros.commands.main:main',
            'behavior_tree = physioser_ros.consumers.executables:behavior_tree',
            'dialogue = physioser_ros.consumers.executables:dialogue',
            'gesture = physioser_ros.consumers.executables:gesture',
        ],
    },
)
