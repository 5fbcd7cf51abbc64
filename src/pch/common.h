// Precompiled for the folders that speak JSON nearly everywhere; reading these headers is half of
// what compiling one of their files costs. Files still include what they use: -Db_pch=false builds.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
