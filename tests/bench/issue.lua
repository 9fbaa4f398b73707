-- wrk script: each request enrols with the next one-time token and one of the prepared CSRs.
--   wrk ... -s issue.lua URL -- TOKENS BODIES [close]
-- TOKENS: one token a line; BODIES: one JSON body a line. Threads take every n-th line.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

local function lines_of(path, first, step)
    local lines, i = {}, 0
    for line in io.lines(path) do
        if i % step == first then
            lines[#lines + 1] = line
        end
        i = i + 1
    end
    return lines
end

function init(args)
    local step = tonumber(args[4])
    tokens = lines_of(args[1], number % step, step)
    bodies = lines_of(args[2], 0, 1)
    close = args[3] == "close"
    nth = 0
    other = 0
end

function request()
    nth = nth + 1
    local headers = {
        ["Content-Type"] = "application/json",
        ["Authorization"] = "Bearer " .. (tokens[nth] or "exhausted"),
    }
    if close then
        headers["Connection"] = "close"
    end
    return wrk.format("POST", nil, headers, bodies[nth % #bodies + 1])
end
