<?php
/**
 * Logs with the connector's name what WordPress and PHP say about a call that the connector made: a deprecated
 * function or argument, a wrong use, a null where WordPress passes it on to a function of PHP. Their own lines
 * in the log name only the called file. On every test site; the tests expect no line about the connector.
 */

/**
 * Logs a message when the connector called the function that complains.
 *
 * @param string  $message The complaint.
 * @param array[] $frames  Backtrace from the function that complains outwards.
 */
function test_log_connector_fault( $message, array $frames ) {
	$caller = isset( $frames[0]['file'] ) ? $frames[0]['file'] : '';
	if ( false !== strpos( $caller, '/sitebridge-connector/' ) ) {
		error_log( "Called by the connector in {$caller}:{$frames[0]['line']}: {$message}" );
	}
}

foreach ( array( 'deprecated_function', 'deprecated_argument', 'deprecated_file', 'deprecated_class', 'doing_it_wrong' ) as $name ) {
	add_action(
		'deprecated_file' === $name ? 'deprecated_file_included' : "{$name}_run",
		static function ( $subject, $detail = '' ) use ( $name ) {
			$frames = debug_backtrace( DEBUG_BACKTRACE_IGNORE_ARGS );
			while ( array() !== $frames && "_{$name}" !== $frames[0]['function'] ) {
				array_shift( $frames );
			}
			test_log_connector_fault( "{$name} {$subject} {$detail}", array_slice( $frames, 1 ) );
		},
		10,
		2
	);
}

set_error_handler(
	static function ( $number, $message ) {
		if ( 0 !== ( error_reporting() & $number ) && false !== strpos( $message, 'Passing null to parameter' ) ) {
			test_log_connector_fault( $message, array_slice( debug_backtrace( DEBUG_BACKTRACE_IGNORE_ARGS ), 1 ) );
		}
		// PHP logs the error as usual.
		return false;
	}
);
