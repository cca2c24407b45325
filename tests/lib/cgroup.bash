# cgroup.bash - a delegated cgroup for a test
#
#   setup() { workspace; delegated; }   $DELEGATED is a path as /proc/self/cgroup has it, $TREE its
#   teardown() { undelegated; }         directory; the test's shell lives in $DELEGATED/caller
#
# The cgroup is one that the test made, with every controller that the host can give and nothing
# handed on: what lunette needs it must hand on itself. It belongs to uid 1000, as one that systemd
# delegates would, so that launches of both, root and as_user, find it.
# shellcheck shell=bash

# delegated - skips where this host has no cgroup v2 whose controllers this test may use
delegated() {
	((EUID == 0)) || skip "host: only root can delegate a cgroup for the test"
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] || skip "host: cgroup version 1"
	OWN=$(sed -n 's/^0:://p' /proc/self/cgroup)
	local above=/sys/fs/cgroup
	[[ $(<"$above/cgroup.subtree_control") == *memory*pids* ]] ||
		skip "host: the root cgroup hands on no controllers"
	DELEGATED=/lunette.test.$BASHPID
	TREE=$above$DELEGATED
	mkdir "$TREE" "$TREE/caller"
	chown 1000:1000 "$TREE" "$TREE"/cgroup.{procs,subtree_control,threads} "$TREE/caller" \
		"$TREE"/caller/cgroup.{procs,subtree_control,threads}
	echo 0 >"$TREE/caller/cgroup.procs"
}

undelegated() {
	[[ -n ${TREE-} ]] || return 0
	echo 0 >"/sys/fs/cgroup$OWN/cgroup.procs"
	echo 1 >"$TREE/cgroup.kill"
	local left
	left=$(leaves)
	within 5 remove_tree
	[[ -z $left ]] || {
		printf 'left behind: %s\n' "$left"
		return 1
	}
}

remove_tree() {
	find "$TREE" -depth -mindepth 1 -type d -exec rmdir {} + 2>/dev/null
	rmdir "$TREE"
}

# leaves - the sandboxes' cgroups below $TREE
leaves() {
	find "$TREE" -type d -name 'lunette-*'
}

# one_leaf - sets $LEAF to the one there is
one_leaf() {
	LEAF=$(leaves)
	[[ $LEAF == */lunette-* && $LEAF != *$'\n'* ]]
}

# need_controller NAME
need_controller() {
	grep -qw "$1" "$TREE/cgroup.controllers" || skip "host: no controller $1"
}
