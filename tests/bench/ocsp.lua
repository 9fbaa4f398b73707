-- wrk script: GETs the next target of a file, for OCSP answers that are in nobody's cache.
--   wrk ... -s ocsp.lua URL -- TARGETS THREADS
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    local i, step = 0, tonumber(args[2])
    targets = {}
    for line in io.lines(args[1]) do
        if i % step == number then
            targets[#targets + 1] = line
        end
        i = i + 1
    end
    nth = 0
end

function request()
    nth = nth + 1
    return wrk.format("GET", targets[(nth - 1) % #targets + 1])
end
