"""Control group hierarchies as the kernel lists them."""

from isthmus.lab.node.cgroups import Hierarchy, hierarchies

HYBRID = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
42 31 0:29 / /mnt/again rw,relatime - cgroup cgroup rw,cpu,cpuacct
"""
UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"


def test_a_hybrid_host_has_v1_hierarchies_and_the_unified_one_each_once() -> None:
    assert hierarchies(HYBRID) == (
        Hierarchy("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu,cpuacct"),
        Hierarchy("/sys/fs/cgroup/systemd", "cgroup", "name=systemd"),
        Hierarchy("/sys/fs/cgroup/unified", "cgroup2", ""),
    )


def test_a_modern_host_has_the_unified_one() -> None:
    (only,) = hierarchies(UNIFIED)
    assert only.is_v2
    assert only.mountpoint == "/sys/fs/cgroup"
