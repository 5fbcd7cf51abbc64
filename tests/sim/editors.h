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
  // What was last changed, by whomever, is put back as it had been: where servers may not notice.
  virtual void undo() {}
  // They make no more changes; what they have begun to put right still comes right.
  virtual void stop() = 0;
  // Some calendar is gone that will be back.
  bool wait_for_calendars() const { return away_ > 0; }

 protected:
  int away_ = 0;  // calendars
};

}  // namespace tidemark::sim
