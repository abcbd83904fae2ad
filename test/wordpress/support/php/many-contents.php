<?php
/**
 * Creates 1,000 posts and 1,000 books by SQL, with terms, meta and featured images, and a few films. Runs
 * inside WordPress.
 */

global $wpdb;
// WordPress 7.1 and later escapes a backslash in block attributes as \u005c, in saved posts and in core REST
// responses.
$backslash = version_compare( get_bloginfo( 'version' ), '7.1', '<' ) ? '\\\\' : '\\u005c';

// Created with wp_insert_term(), so that the names are stored as WordPress stores them.
$terms = array();
foreach ( array( 'category' => 10, 'post_tag' => 20, 'genre' => 10 ) as $taxonomy => $count ) {
	for ( $n = 0; $n < $count; $n++ ) {
		$term                 = wp_insert_term( wp_slash( "{$taxonomy} & \"{$n}\" 🎈 \\o/" ), $taxonomy, array( 'slug' => "{$taxonomy}-{$n}" ) );
		$terms[ $taxonomy ][] = $term['term_taxonomy_id'];
	}
}
$picture = (int) $wpdb->get_var( "SELECT ID FROM {$wpdb->posts} WHERE post_type = 'attachment'" );
$editor  = get_user_by( 'login', 'editor' )->ID;

$statuses = array( 'publish', 'publish', 'publish', 'draft', 'pending', 'private', 'future' );
$wpdb->query( 'START TRANSACTION' );
foreach ( array( 'post', 'book' ) as $type ) {
	$parent = 0;
	for ( $n = 0; $n < 1000; $n++ ) {
		$status = $statuses[ $n % count( $statuses ) ];
		$made   = gmdate( 'Y-m-d H:i:s', strtotime( '2024-01-01' ) + $n * 3600 );
		$date   = 'future' === $status ? '2039-05-0' . ( 1 + $n % 9 ) . ' 10:00:00' : $made;
		$text   = "<p>Text {$n} – “ünïcode” 🌉 'single' \"double\" C:\\new\\\\dir &amp; %s &lt;</p>";
		$wpdb->insert(
			$wpdb->posts,
			array(
				'post_type'         => $type,
				'post_status'       => $status,
				'post_author'       => 0 === $n % 3 ? $editor : 1,
				'post_title'        => "Seeded {$type} {$n}: \"quoted\" 'it''s' \\ & &amp; 😀",
				'post_name'         => 0 === $n % 50 ? "caf%c3%a9-{$type}-{$n}" : "seeded-{$type}-{$n}",
				'post_content'      => "<!-- wp:paragraph {\"a\":\"\\u003c{$backslash}n\"} -->\n{$text}\n<!-- /wp:paragraph -->" . str_repeat( "\n\n<!-- wp:html -->{$text}<!-- /wp:html -->", 0 === $n % 100 ? 200 : $n % 5 ),
				'post_excerpt'      => 0 === $n % 4 ? "Short \\ \"{$n}\" 🎉" : '',
				'post_date'         => $date,
				// A draft has no date in UTC until it is published, unless someone set a date.
				'post_date_gmt'     => 'draft' === $status && 0 === $n % 2 ? '0000-00-00 00:00:00' : $date,
				'post_modified'     => $made,
				'post_modified_gmt' => $made,
				'post_parent'       => 'book' === $type && 0 === $n % 6 ? $parent : 0,
				'to_ping'           => '',
				'pinged'            => '',
				'post_content_filtered' => '',
			)
		);
		$id = $wpdb->insert_id;
		if ( 'book' === $type && 'publish' === $status && 0 === $parent ) {
			$parent = $id;
		}
		$meta = array( 'subtitle' => "Sub \\ \"{$n}\" 🎈", 'words' => "one {$n}", 'hidden' => 'not shown' );
		if ( 0 === $n % 2 ) {
			$meta['rating'] = (string) $n;
		}
		if ( 0 === $n % 5 ) {
			$meta['_thumbnail_id'] = (string) $picture;
		}
		foreach ( $meta as $meta_key => $meta_value ) {
			$wpdb->insert( $wpdb->postmeta, array( 'post_id' => $id ) + compact( 'meta_key', 'meta_value' ) );
		}
		$wpdb->insert( $wpdb->postmeta, array( 'post_id' => $id, 'meta_key' => 'words', 'meta_value' => 'two' ) );
		foreach ( 'post' === $type ? array( 'category', 'post_tag' ) : array( 'genre' ) as $taxonomy ) {
			$known = $terms[ $taxonomy ];
			foreach ( array_unique( array( $n % count( $known ), ( $n * 7 ) % count( $known ) ) ) as $index ) {
				$wpdb->insert( $wpdb->term_relationships, array( 'object_id' => $id, 'term_taxonomy_id' => $known[ $index ] ) );
			}
		}
	}
}
$wpdb->query( 'COMMIT' );
foreach ( $terms as $taxonomy => $ids ) {
	wp_update_term_count_now( $ids, $taxonomy );
}

foreach ( array( 'publish', 'draft', 'shelved' ) as $status ) {
	$film = wp_insert_post(
		array(
			'post_type'   => 'film',
			'post_status' => $status,
			'post_author' => $editor,
			'post_title'  => "A {$status} film",
			'post_name'   => "film-{$status}",
		)
	);
	wp_set_object_terms( $film, array( 'quiet' ), 'mood' );
}

return true;
