// What the recipe in docs/devices.md uses of Arduino, ArduinoJson 7 and PubSubClient 2.8, declared as their documentation has it.
#include <ctime>
#include <initializer_list>
typedef unsigned char byte;
struct String {
  String(const char*);
  explicit String(long);
  const char* c_str() const;
  bool startsWith(const String&) const;
  bool endsWith(const String&) const;
  String substring(unsigned int from, unsigned int to) const;
  char operator[](unsigned int) const;
};
String operator+(const String&, const String&);
String operator+(const String&, char);
bool operator==(const String&, const char*);
bool operator<(const String&, const String&);
struct Preferences {
  unsigned int putString(const char* key, const String&);
  String getString(const char* key, const String& otherwise);
};
struct WiFiClientSecure {};
struct PubSubClient {
  explicit PubSubClient(WiFiClientSecure&);
  bool publish(const char* topic, const char* payload);
  bool subscribe(const char* topic, unsigned char qos);
  bool loop();
};
struct JsonVariant {
  JsonVariant operator[](const char*) const;
  long operator|(long) const;
  const char* operator|(const char*) const;
  bool operator!=(const char*) const;
};
struct JsonObject {
  JsonObject(JsonVariant);
  JsonVariant operator[](const char*) const;
};
struct JsonDocument {
  JsonVariant operator[](const char*);
};
struct DeserializationError {
  explicit operator bool() const;
};
DeserializationError deserializeJson(JsonDocument&, const byte*, unsigned int);
unsigned long millis();
unsigned long max(unsigned long, unsigned long);
void digitalWrite(int pin, int value);
const int HIGH = 1, LOW = 0, PUMP = 4;
extern WiFiClientSecure tls;
