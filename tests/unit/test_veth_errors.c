/* test_veth_errors.c - what is said when a sandbox's network can't be set up
 *
 * Which link, address or route, on which side, the kernel's words, and a remedy.
 */
#include <string.h>

#include "launcher/net/net.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/tap.h"

/* What goes wrong, one after the other; what was said is looked at in main(). */
static struct plan_veth faulty;
static char pre_order;

static void fault_scenario(void)
{
	struct sandbox *box = &outcome->box[0];

	start_sandbox(box);
	if (pre_order)
		(void)tell(box, pre_order);
	create_pair(box, &faulty, box->pid);
	if (box->created == 0)
		(void)tell(box, CONFIGURE);
	stop_sandbox(box);
	outcome->ran = true;
}

static void no_device_scenario(void)
{
	start_sandbox(&outcome->box[0]);
	outcome->box[0].pair.veth = faulty;
	(void)tell(&outcome->box[0], CONFIGURE);
	stop_sandbox(&outcome->box[0]);
	outcome->ran = true;
}

static void no_process_scenario(void)
{
	struct sandbox *box = &outcome->box[0];
	int pid;

	start_sandbox(box);
	pid = box->pid;
	stop_sandbox(box);
	create_pair(box, &faulty, pid);
	outcome->ran = true;
}

/* The error must say all of @parts, which end in NULL. */
static void says(const char *what, const char *const *parts)
{
	const char *text = message(&outcome->box[0]);
	bool all = outcome->ran && strncmp(text, "network: ", 9) == 0;

	for (; *parts; parts++)
		all = all && strstr(text, *parts);
	ok(all, "%s", what);
	note("%s", text);
}

#define SAYS(what, ...) says(what, (const char *const[]){ __VA_ARGS__, NULL })

static void test_names(void)
{
	faulty = make_veth(0);
	faulty.host_name = "lo";
	run(fault_scenario, false);
	SAYS("a name that is taken on the host", "veth lo (host)", "File exists",
	     "net.veth.host_name");
	faulty = make_veth(0);
	faulty.name = "lo";
	run(fault_scenario, false);
	SAYS("a name that is taken in the sandbox", "veth lo (sandbox)", "File exists",
	     "net.veth.name");
	faulty = make_veth(0);
	faulty.name = "a-name-of-20-bytes-..";
	run(fault_scenario, false);
	SAYS("a name that is too long inside", "(host)", "VETH_INFO_PEER/IFLA_IFNAME",
	     "1 to 15 bytes");
	faulty = make_veth(0);
	faulty.host_name = "a-name-of-20-bytes-.";
	run(fault_scenario, false);
	SAYS("a name that is too long outside", "a-name-of-20-bytes-. (host)", "15 bytes");
}

static void test_faults(void)
{
	faulty = make_veth(0);
	faulty.mac[0] = 1;
	run(fault_scenario, false);
	SAYS("a mac of many devices", "(host)", "mac must be");
	faulty = make_veth(0);
	faulty.mtu = 70000;
	run(fault_scenario, false);
	SAYS("an mtu beyond what there is", "(host)", "Invalid argument", "mtu");
	faulty = make_veth(0);
	faulty.gateway = address("127.0.0.1", 0);
	run(fault_scenario, false);
	SAYS("a gateway that can't be one", "default route via 127.0.0.1 on box0 (sandbox)",
	     "invalid gateway", "Invalid argument");
	faulty = make_veth(0);
	run_as(fault_scenario, true, 0);
	SAYS("a launcher without the capability", "(host)", "Operation not permitted",
	     "CAP_NET_ADMIN");
	run(no_device_scenario, false);
	SAYS("a sandbox without its device", "veth box0 (sandbox)", "No such device");
	run(no_process_scenario, false);
	SAYS("a sandbox whose process is gone", "(host)", "No such process", "is gone");
}

static void test_no_ipv6(void)
{
	faulty = make_veth(0);
	pre_order = NO_IPV6;
	run(fault_scenario, false);
	if (outcome->box[0].reached)
		SAYS("a sandbox where IPv6 is off", "address 2001:db8::2/64 on box0 (sandbox)",
		     "IPv6 is off here");
	else
		skip("host: its IPv6 can't be turned off", "a sandbox where IPv6 is off");
	pre_order = 0;
}

int main(void)
{
	if (!prepare())
		return done();
	test_names();
	test_faults();
	test_no_ipv6();
	return done();
}
