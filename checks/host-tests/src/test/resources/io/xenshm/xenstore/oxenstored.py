"""Starts oxenstored without Xen, in namespaces of its own: unshare -r -m python3 THIS ROOT WORK.

ROOT is where Debian's packages were unpacked, WORK an empty directory. oxenstored then serves
WORK/xenstored.sock, and ends with this process's parent.
"""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys

root, work = (os.path.abspath(path) for path in sys.argv[1:3])
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


# It opens /dev/xen/privcmd and asks nothing of it that /dev/null does not do.
os.mkdir(f"{work}/dev")
mount("-t", "tmpfs", "none", f"{work}/dev")
write(f"{work}/dev/null", "")
mount("--bind", "/dev/null", f"{work}/dev/null")
os.mkdir(f"{work}/dev/xen")
os.symlink("/dev/null", f"{work}/dev/xen/privcmd")
mount("--rbind", f"{work}/dev", "/dev")

# It sets its limit of descriptors to the kernel's, which a container may not.
write(f"{work}/nr_open", str(resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
mount("--bind", f"{work}/nr_open", "/proc/sys/fs/nr_open")

# It takes its socket from the state of a daemon before it.
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(f"{work}/xenstored.sock")
listener.listen(16)
reader, writer = os.pipe()
for descriptor in (listener.fileno(), reader):
    os.set_inheritable(descriptor, True)
mount("-t", "tmpfs", "none", os.path.realpath("/var/run"))
os.mkdir("/var/run/xenstored")
write(
    "/var/run/xenstored/db",
    "$xenstored-dump-format\n"
    f"global,{listener.fileno()}\n"
    f"evtchn-dev,{reader},0\n"
    "store,2f6c6f63616c,6e30,\n",
)
write(f"{work}/oxenstored.conf", f"xenstored-log-file={work}/oxenstored.log\n")

os.environ["LD_LIBRARY_PATH"] = f"{root}/usr/lib/x86_64-linux-gnu"
program = f"{root}/usr/lib/xen-4.17/bin/oxenstored"
os.execv(
    program,
    [
        program,
        "--no-fork",
        "--no-domain-init",
        "--no-access-log",
        "--restart",
        "--live",
        "--config-file",
        f"{work}/oxenstored.conf",
    ],
)
