// The command line: what may be said, and which command it means.
#pragma once

namespace tidemark::app {

// The whole program; returns the exit code.
int run(int argc, char** argv);

}  // namespace tidemark::app
