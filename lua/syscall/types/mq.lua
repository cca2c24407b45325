-- mq.lua - attributes of message queues, and a queue as an object

local struct = require "syscall.struct"
local raw = require "syscall.raw"
local errors = require "syscall.errors"

local M = {}

M.mq_attr = struct.define {
	"mq_attr", c = "struct mq_attr", header = "linux/types.h,linux/mqueue.h", prefix = "mq_",
	{ "long", "flags", const = "O" },
	{ "long", "maxmsg" },
	{ "long", "msgsize" },
	{ "long", "curmsgs" },
	{ "long[4]" },
}

M.queue = raw.handletype "mqd"

-- mqd(number) - an object that owns a queue's descriptor; its methods are put there by mq.lua
function M.mqd(number)
	if math.type(number) ~= "integer" or number < 0 or number > 0x7fffffff then
		errors.complain("mqd", 1, "the number of a descriptor", number)
	end
	return raw.handle(number, M.queue)
end

return M
