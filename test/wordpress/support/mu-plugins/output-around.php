<?php
/**
 * Fault: a plugin prints a warning with JSON in it before each answer, and a script behind it.
 */

add_filter(
	'rest_pre_serve_request',
	static function ( $served ) {
		echo "<br />\n<b>Warning</b>:  Cannot read {\"a\":1} and {\"b\": in <b>/srv/www/wp-content/plugins/old-slider/slider.php</b> on line <b>12</b><br />\n";
		return $served;
	}
);
add_action(
	'shutdown',
	static function () {
		if ( defined( 'REST_REQUEST' ) && REST_REQUEST ) {
			echo '<script>window.stats = {"queries":[1,2,3]}; if (stats) { send(stats[0]); }</script>';
		}
	}
);
