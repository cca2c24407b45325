/* at.h - the member of a plan that a key's offset names; for field_*.c only */
#ifndef LAUNCHER_PLAN_AT_H
#define LAUNCHER_PLAN_AT_H

#define AT(plan, key) ((void *)((char *)(plan) + (key)->offset))
#define AT_CONST(plan, key) ((const void *)((const char *)(plan) + (key)->offset))

#endif
