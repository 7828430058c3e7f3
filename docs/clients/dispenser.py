"""A dispenser: python dispenser.py DEVICE HOST PORT CA CERTIFICATE KEY FLASH. Needs `pip install paho-mqtt`. The class Firmware needs
nothing that MicroPython lacks; there `umqtt.simple` takes the place of the lines below it. FLASH is the file that outlives a restart."""

import json
import os
import time


class Firmware:
    def __init__(self, device, flash, publish, act):
        self.shadow, self.flash, self.publish, self.act = "$aws/things/" + device + "/shadow/", flash, publish, act
        self.last, self.settings = {"id": "", "status": ""}, {}
        try:
            with open(flash) as file:
                self.last = json.load(file)
        except OSError:
            pass

    def connected(self):  # After subscribing to update/delta and get/accepted.
        if self.last["status"] == "ACCEPTED":  # It lost its power in between: nobody knows how much of it was done.
            self.say(self.last["id"], "FAILED", "interrupted by a restart")
        elif self.last["id"]:
            self.report({"command": self.last})
        self.publish(self.shadow + "get", "")

    def message(self, topic, payload):
        state = json.loads(payload).get("state", {})
        wanted = state.get("desired", {}) if topic.endswith("/get/accepted") else state
        if "settings" in wanted:
            merge(self.settings, wanted["settings"])
            self.report({"settings": self.settings})
        command = wanted.get("command", {})
        number = command.get("id", "")  # A delta has only what differs: without an id it is the one that was answered.
        if number and number == self.last["id"]:
            self.report({"command": self.last})  # The answer may have been lost.
        elif number > self.last["id"] and time.time() <= command["expires_at"]:  # Where time begins in 2000 add 946684800.
            self.say(number, "ACCEPTED")  # Stored before it is done, so that it is never done twice.
            try:
                self.say(number, "SUCCEEDED", self.act(command["name"], command["args"], self.settings))
            except Exception as error:
                self.say(number, "FAILED", str(error))

    def say(self, number, status, detail=None):
        self.last = {"id": number, "status": status, "detail": detail}  # In a shadow, null removes what was there.
        with open(self.flash + ".new", "w") as file:
            json.dump(self.last, file)
        os.rename(self.flash + ".new", self.flash)  # In one step: after a loss of power it is the old one or the new one.
        self.report({"command": self.last})

    def report(self, reported):
        self.publish(self.shadow + "update", json.dumps({"state": {"reported": reported}}))


def merge(value, change):
    for name in change:
        if isinstance(change[name], dict) and isinstance(value.get(name), dict):
            merge(value[name], change[name])
        else:
            value[name] = change[name]


def dispense(name, args, settings):
    if name != "dispense":
        raise ValueError("unknown command " + name)
    time.sleep(settings.get("dispense_time_ms", 500) / 1000)
    print("dispensed", args.get("ml"), flush=True)
    return "dispensed"


if __name__ == "__main__":
    import queue
    import ssl
    import sys

    import paho.mqtt.client as mqtt

    device, host, port, authority, certificate, key, flash = sys.argv[1:]
    inbox = queue.Queue()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=device)
    client.tls_set(authority, certificate, key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_connect = lambda *_: client.subscribe([(firmware.shadow + "update/delta", 1), (firmware.shadow + "get/accepted", 1)])
    client.on_subscribe = lambda *_: inbox.put(None)
    client.on_message = lambda _, __, message: inbox.put((message.topic, message.payload))
    firmware = Firmware(device, flash, lambda topic, payload: client.publish(topic, payload, qos=1), dispense)
    client.connect(host, int(port))
    client.loop_start()
    while True:
        message = inbox.get()
        if message is None:
            firmware.connected()
        else:
            firmware.message(*message)
