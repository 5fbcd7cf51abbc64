// Those who edit a tenant's calendars.
#pragma once

namespace tidemark::sim {

class Editors {
 public:
  virtual ~Editors() = default;
  // What the calendars hold before anybody looks.
  virtual void fill() = 0;
  // One of them does something.
  virtual void edit() = 0;
  // They make no more changes; what they have begun to put right still comes right.
  virtual void stop() = 0;
};

}  // namespace tidemark::sim
