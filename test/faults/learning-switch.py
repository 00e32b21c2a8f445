"""A learning switch for os-ken (OpenFlow 1.3), as a bridge's own controller often is one.

What it does not know goes to it, and is flooded; when it has learned where an address is, it gives the switch a flow
for packets from one port to that address.
"""

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3 as of


class LearningSwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [of.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = {}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def on_switch(self, event):
        path = event.msg.datapath
        parser = path.ofproto_parser
        to_us = [parser.OFPActionOutput(of.OFPP_CONTROLLER, of.OFPCML_NO_BUFFER)]
        self.add_flow(path, 0, parser.OFPMatch(), to_us)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def on_packet(self, event):
        message = event.msg
        path = message.datapath
        parser = path.ofproto_parser
        in_port = message.match["in_port"]
        header = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.ports[header.src] = in_port
        out_port = self.ports.get(header.dst, of.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(out_port)]
        if out_port != of.OFPP_FLOOD:
            match = parser.OFPMatch(in_port=in_port, eth_dst=header.dst)
            self.add_flow(path, 1, match, actions)
        path.send_msg(
            parser.OFPPacketOut(
                datapath=path, buffer_id=of.OFP_NO_BUFFER, in_port=in_port, actions=actions, data=message.data
            )
        )

    @staticmethod
    def add_flow(path, priority, match, actions):
        parser = path.ofproto_parser
        apply = parser.OFPInstructionActions(of.OFPIT_APPLY_ACTIONS, actions)
        path.send_msg(parser.OFPFlowMod(datapath=path, priority=priority, match=match, instructions=[apply]))
