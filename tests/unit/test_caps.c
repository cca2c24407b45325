/* test_caps.c - capability sets as text (policy/caps.h); the answers are libcap 2.66's */
#include <string.h>

#include "policy/caps.h"
#include "tests/unit/tap.h"

static const struct {
	const char *text;
	const char *answer; /* NULL: refused */
} samples[] = {
	{ "", "=" },
	{ "=", "=" },
	{ "=ep", "=ep" },
	{ "all+ep", "=ep" },
	{ "cap_chown=p", "cap_chown=p" },
	{ "CAP_CHOWN=p", "cap_chown=p" },
	{ "cap_chown,cap_fowner+ep", "cap_chown,cap_fowner=ep" },
	{ "cap_chown=p cap_fowner+ep", "cap_fowner=ep cap_chown+p" },
	{ "=p cap_fowner-p", "=p cap_fowner-p" },
	{ "cap_chown=i+e", "cap_chown=ei" },
	{ "=eip cap_chown=", "=eip cap_chown-eip" },
	{ "=ep cap_chown,cap_kill-ep cap_fowner-e", "=ep cap_fowner-e cap_chown,cap_kill-ep" },
	{ "cap_kill+e cap_chown+p cap_fowner+i cap_setuid=eip",
	  "cap_setuid=eip cap_fowner+i cap_chown+p cap_kill+e" },
	{ "41,42=p 50=e", "= 41,42+p 50+e" },
	{ "=ip 0=ep 63=ip", "=ip cap_chown+e-i 63+ip" },
	{ "0x5=p", "cap_kill=p" },
	{ "  cap_chown=p\tcap_kill=p\n", "cap_chown,cap_kill=p" },
	{ "cap_chown", NULL },
	{ "+ep", NULL },
	{ "=e+p", NULL },
	{ "chown=p", NULL },
	{ "cap_chown=x", NULL },
	{ "cap_chown=p=e", NULL },
	{ "cap_chown+", NULL },
	{ "cap_chown,=p", NULL },
	{ "64=p", NULL },
	{ "-1=p", NULL },
};

int main(void)
{
	struct caps_sets sets;
	char text[CAPS_TEXT_BYTES];
	char small[8];
	size_t i;

	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		if (caps_from_text(samples[i].text, &sets)) {
			ok(!samples[i].answer, "\"%s\" is refused", samples[i].text);
			continue;
		}
		caps_to_text(&sets, text, sizeof(text));
		is_text(text, samples[i].answer, "%s", samples[i].text);
	}
	(void)caps_from_text("cap_net_admin=ep cap_kill=i", &sets);
	is_number((int64_t)sets.effective, 1 << 12, "effective");
	is_number((int64_t)sets.permitted, 1 << 12, "permitted");
	is_number((int64_t)sets.inheritable, 1 << 5, "inheritable");
	is_number((int64_t)caps_to_text(&sets, small, sizeof(small)), 7, "cut off to fit");
	sets = (struct caps_sets){ UINT64_MAX, 0x5555555555555555, 0x3333333333333333 };
	ok(caps_to_text(&sets, text, sizeof(text)) < sizeof(text) - 1, "any sets fit: %zu bytes",
	   strlen(text));
	return done();
}
