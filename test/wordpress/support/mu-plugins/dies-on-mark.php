<?php
/**
 * Fault: a plugin dies on every answer in which a post with `[dies-here]` in its text stands.
 */

add_filter(
	'rest_post_dispatch',
	static function ( $response ) {
		$data  = $response->get_data();
		$data  = is_array( $data ) ? $data : array();
		$items = isset( $data['items'] ) && is_array( $data['items'] ) ? $data['items'] : ( isset( $data[0] ) ? $data : array( $data ) );
		foreach ( $items as $item ) {
			$item = (array) $item;
			$id   = isset( $item['id'] ) && ! isset( $item['taxonomy'] ) ? (int) $item['id'] : 0;
			if ( $id > 0 && false !== strpos( (string) get_post_field( 'post_content', $id ), '[dies-here]' ) ) {
				throw new Error( 'Broken for a test' );
			}
		}
		return $response;
	}
);
