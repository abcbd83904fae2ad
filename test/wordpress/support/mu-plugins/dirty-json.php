<?php
/**
 * Fault: a plugin prints a PHP notice before the JSON, because display_errors is on.
 */

add_filter(
	'rest_pre_serve_request',
	static function ( $served ) {
		echo "\xEF\xBB\xBF<br />\n<b>Notice</b>:  Undefined variable: x in <b>/plugin.php</b> on line <b>1</b><br />\n";
		return $served;
	}
);
