# Source this in bash: ROS 2 from the wheels in .venv, and what colcon has built into install/.
_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH=$_root/.venv/bin:$PATH
export AMENT_PREFIX_PATH=$_root/.venv${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}
export CMAKE_PREFIX_PATH=$_root/.venv${CMAKE_PREFIX_PATH:+:$CMAKE_PREFIX_PATH}
# The demonstration and the tests talk to this machine alone.
export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}
if [ -f "$_root/install/setup.bash" ]; then
  . "$_root/install/setup.bash"
  export PATH=$_root/install/lib/physioser_ros:$PATH
fi
unset _root
